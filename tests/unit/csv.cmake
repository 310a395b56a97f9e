recon_test(csv SOURCES test_csv.c decode.c LIBS recon_codec)
