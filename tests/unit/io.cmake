if(TARGET recon_io)
  recon_test(source SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_source.c LIBS recon_io ZLIB::ZLIB zstd)
  recon_test(sink SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_sink.c LIBS recon_io)
endif()
