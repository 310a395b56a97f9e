recon_fuzz(csv SOURCES fuzz_csv.c decode_twice.c LIBS recon_codec)
