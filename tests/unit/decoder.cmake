foreach(format decoder extract json cloudevents)
  recon_test(${format} SOURCES test_${format}.c decode.c print_record.c LIBS recon_codec)
endforeach()
foreach(module batch key mapping)
  recon_test(${module} SOURCES test_${module}.c LIBS recon_codec)
endforeach()
# The same without vector instructions.
recon_test(key_portable SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_key.c ${PROJECT_SOURCE_DIR}/src/codec/key_lanes.c LIBS recon_codec)
target_compile_definitions(test_key_portable PRIVATE RECON_PORTABLE)
