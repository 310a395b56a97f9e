recon_fuzz(packed SOURCES fuzz_packed.c
  ${PROJECT_SOURCE_DIR}/flink/native/packed.c ${PROJECT_SOURCE_DIR}/flink/native/names.c LIBS recon_codec recon_core)
target_include_directories(fuzz_packed PRIVATE ${PROJECT_SOURCE_DIR}/flink/native)
