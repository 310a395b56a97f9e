recon_fuzz(time_text SOURCES fuzz_time_text.c LIBS recon_codec)
