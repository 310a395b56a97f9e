recon_test(json SOURCES test_json.c decode.c LIBS recon_codec)
