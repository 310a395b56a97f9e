recon_test(avro SOURCES test_avro.c decode.c print_record.c LIBS recon_codec)
