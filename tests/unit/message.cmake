recon_test(message SOURCES test_message.c message_kit.c print_record.c LIBS recon_config recon_codec)
foreach(format cloudevents avro)
  recon_test(message_${format} SOURCES test_message_${format}.c message_kit.c print_record.c message_fixtures.c
    LIBS recon_config recon_codec)
endforeach()
recon_test(message_memory SOURCES test_message_memory.c message_kit.c print_record.c LIBS recon_config recon_codec)
target_link_options(test_message_memory PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc)
recon_test(message_scan SOURCES test_message_scan.c message_kit.c print_record.c LIBS recon_config recon_codec)
# All of these hold whether values are scanned together or not.
recon_test(message_scanned SOURCES test_message.c message_kit.c print_record.c LIBS recon_config recon_codec)
recon_test(message_scanned_cloudevents SOURCES test_message_cloudevents.c message_kit.c print_record.c message_fixtures.c
  LIBS recon_config recon_codec)
target_compile_definitions(test_message_scanned PRIVATE KIT_SCANS=1)
target_compile_definitions(test_message_scanned_cloudevents PRIVATE KIT_SCANS=1)
