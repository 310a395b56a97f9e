recon_test(message SOURCES test_message.c message_kit.c LIBS recon_config recon_codec)
foreach(format cloudevents avro)
  recon_test(message_${format} SOURCES test_message_${format}.c message_kit.c message_fixtures.c
    LIBS recon_config recon_codec)
endforeach()
