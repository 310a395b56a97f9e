recon_test(time_text SOURCES test_time_text.c LIBS recon_codec)
recon_test(duration_text SOURCES test_duration_text.c LIBS recon_codec)
