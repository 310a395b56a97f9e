recon_fuzz(message SOURCES fuzz_message.c LIBS recon_config recon_codec)
