# Needs no Kafka, and so is there where the service is not.
find_package(Threads REQUIRED)
recon_test(snapshot_file SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_snapshot_file.c
  ${PROJECT_SOURCE_DIR}/src/service/snapshot_file.c ${PROJECT_SOURCE_DIR}/src/service/snapshot_head.c
  ${PROJECT_SOURCE_DIR}/src/service/bytes.c LIBS recon_codec Threads::Threads)
set_tests_properties(unit.snapshot_file PROPERTIES LABELS "unit;threads")
