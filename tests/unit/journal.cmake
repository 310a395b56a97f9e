# Needs no Kafka, and so is there where the service is not.
recon_test(journal SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_journal.c ${PROJECT_SOURCE_DIR}/src/service/journal.c
  ${PROJECT_SOURCE_DIR}/src/service/bytes.c
  LIBS recon_codec)
