# The merge stands alone: it is built from its file, without the libraries that the service needs.
recon_test(merge SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_merge.c ${PROJECT_SOURCE_DIR}/src/service/merge.c)
if(TARGET recon_service)
  recon_test(check SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_check.c LIBS recon_service)
  recon_test(arena SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_arena.c LIBS recon_service)
  set_tests_properties(unit.check unit.arena PROPERTIES LABELS "unit;threads")
endif()
