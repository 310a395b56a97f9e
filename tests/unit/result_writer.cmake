recon_test(text_form SOURCES test_text_form.c LIBS recon_codec)
recon_test(result_writer SOURCES test_result_writer.c json_fields.cpp LIBS recon_codec simdjson)
