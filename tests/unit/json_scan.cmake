recon_test(json_scan SOURCES test_json_scan.c LIBS recon_codec)
recon_test(json_shape SOURCES test_json_shape.c decode.c print_record.c LIBS recon_codec)
# The same without vector instructions.
foreach(module json json_scan json_shape)
  recon_test(${module}_portable SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_${module}.c decode.c print_record.c
    ${PROJECT_SOURCE_DIR}/src/codec/json_scan.c LIBS recon_codec)
  target_compile_definitions(test_${module}_portable PRIVATE RECON_PORTABLE)
endforeach()
