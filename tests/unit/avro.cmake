recon_test(avro SOURCES test_avro.c decode.c LIBS recon_codec)
