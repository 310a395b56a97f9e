recon_test(csv SOURCES test_csv.c decode.c print_record.c LIBS recon_codec)
recon_test(csv_record SOURCES test_csv_record.c LIBS recon_codec)
# The same without vector instructions.
recon_test(csv_record_portable SOURCES test_csv_record.c ${PROJECT_SOURCE_DIR}/src/codec/csv_record.c
  ${PROJECT_SOURCE_DIR}/src/codec/csv_masks.c LIBS recon_core)
target_compile_definitions(test_csv_record_portable PRIVATE RECON_PORTABLE)
recon_test(csv_cuts SOURCES test_csv_cuts.c LIBS recon_codec)
