# The merge stands alone: it is built from its file, without the libraries that the service needs.
recon_test(merge SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_merge.c ${PROJECT_SOURCE_DIR}/src/service/merge.c)
