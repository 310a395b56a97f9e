recon_test(frozen SOURCES test_frozen.c LIBS recon_core)
