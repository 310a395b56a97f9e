recon_fuzz(decoder SOURCES fuzz_decoder.c pieces.c LIBS recon_codec)
# simdjson is here the other opinion.
recon_fuzz(json SOURCES fuzz_json.cpp LIBS recon_codec simdjson)
