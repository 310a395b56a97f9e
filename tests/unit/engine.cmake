recon_test(engine SOURCES test_engine.c LIBS recon_core)
recon_test(snapshot SOURCES test_snapshot.c LIBS recon_core)
