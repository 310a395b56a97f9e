// Abseil carries cctz, and Debian has Abseil as static libraries, cctz only as a shared one: zone.cpp is built once
// more with this folder in front.
#ifndef RECON_FLINK_CCTZ_TIME_ZONE_H
#define RECON_FLINK_CCTZ_TIME_ZONE_H

#include <absl/time/internal/cctz/include/cctz/time_zone.h>

namespace cctz = absl::time_internal::cctz;

#endif
