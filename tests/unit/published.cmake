# Needs no Kafka, and so is there where the service is not.
recon_test(published SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_published.c ${PROJECT_SOURCE_DIR}/src/service/published.c
  ${PROJECT_SOURCE_DIR}/src/service/published_read.c
  ${PROJECT_SOURCE_DIR}/src/service/bytes.c LIBS recon_codec)
