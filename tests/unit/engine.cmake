foreach(module engine pending snapshot table watermark windows)
  recon_test(${module} SOURCES test_${module}.c LIBS recon_core)
endforeach()
