recon_fuzz(config SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_config.c LIBS recon_config)
