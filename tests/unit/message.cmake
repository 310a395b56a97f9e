recon_test(message SOURCES test_message.c message_kit.c LIBS recon_config recon_codec)
