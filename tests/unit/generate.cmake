if(TARGET recon_generate)
  recon_test(generate SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_generate.c LIBS recon_generate)
endif()
