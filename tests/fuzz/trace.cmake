recon_fuzz(trace SOURCES fuzz_trace.c LIBS recon_codec recon_core)
