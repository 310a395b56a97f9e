recon_fuzz(engine SOURCES fuzz_engine.c LIBS recon_model_compare)
