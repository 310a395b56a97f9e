recon_test(config SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_config.c LIBS recon_config)
recon_test(config_faults SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_config_faults.c LIBS recon_config)
recon_test(config_option SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_config_option.c LIBS recon_config)
recon_test(yaml_tree SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_yaml_tree.c LIBS recon_config)
