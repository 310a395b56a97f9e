recon_test(result_message SOURCES test_result_message.c LIBS recon_codec)
