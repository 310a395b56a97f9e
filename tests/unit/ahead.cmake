# With threads: the thread sanitizer looks at it, too.
if(TARGET recon_run)
  recon_test(ahead SOURCES test_ahead.c message_kit.c print_record.c LIBS recon_run recon_config recon_codec)
  recon_test(record_digest SOURCES test_record_digest.c LIBS recon_run)
  set_tests_properties(unit.ahead PROPERTIES LABELS "unit;threads")
endif()
