recon_fuzz(avro SOURCES fuzz_avro.c decode_twice.c LIBS recon_codec)
