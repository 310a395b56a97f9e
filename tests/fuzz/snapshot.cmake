recon_fuzz(snapshot SOURCES fuzz_snapshot.c LIBS recon_model_compare)
