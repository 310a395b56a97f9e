# Optimising across files: the engine's rooms are many small ones, and a record goes through all of them. It buys 6 % of
# `recon check`. Objects hold machine code as well, so that the libraries are as ever and the tests link fast; only
# programs that ask for it (recon_whole_program) are linked from all of it at once.
set(RECON_LTO OFF)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT RECON_SANITIZE)
  set(RECON_LTO ON)
  add_compile_options(-flto=auto -ffat-lto-objects)
  add_link_options(-fno-lto)
endif()

function(recon_whole_program name)
  if(RECON_LTO)
    target_link_options(${name} PRIVATE -flto=auto)
  endif()
endfunction()
