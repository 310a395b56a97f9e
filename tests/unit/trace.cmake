recon_test(trace SOURCES test_trace.c LIBS recon_codec)
