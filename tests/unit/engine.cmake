recon_test(engine SOURCES test_engine.c LIBS recon_core)
