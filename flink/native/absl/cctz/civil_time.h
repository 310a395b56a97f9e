// See time_zone.h.
#ifndef RECON_FLINK_CCTZ_CIVIL_TIME_H
#define RECON_FLINK_CCTZ_CIVIL_TIME_H

#include "cctz/time_zone.h"

#endif
