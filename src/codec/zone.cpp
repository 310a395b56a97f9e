/*
 * The thin shim over cctz. Zones are loaded from the system's tzdata (TZDIR is obeyed) and kept by cctz for the
 * process's life; a recon_zone is a handle to one. No exception leaves this file.
 */
#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include <cstring>
#include <limits>
#include <new>
#include <string>

#include "codec/zone.h"
#include "recon/status.h"

extern "C" {
#include "codec/time_text.h"
}

struct recon_zone {
    cctz::time_zone zone;
};

namespace
{
/* cctz would also open paths and take `libc:` and the like: only what the tz database may call a zone is passed on. */
bool is_zone_name(const char *name)
{
    static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    const std::size_t size = std::strlen(name);
    return size > 0 && size <= 255 && name[0] != '/' && std::strspn(name, legal) == size;
}
} // namespace

extern "C" int recon_zone_new(const char *name, struct recon_zone **zone)
{
    if (!is_zone_name(name))
        return RECON_ERROR_INVALID;
    try {
        cctz::time_zone loaded;
        if (!cctz::load_time_zone(name, &loaded))
            return RECON_ERROR_INVALID;
        *zone = new recon_zone{loaded};
        return RECON_OK;
    } catch (const std::bad_alloc &) {
        return RECON_ERROR_MEMORY;
    } catch (...) {
        return RECON_ERROR_INVALID;
    }
}

extern "C" void recon_zone_free(struct recon_zone *zone)
{
    delete zone;
}

extern "C" bool recon_zone_seconds(const struct recon_zone *zone, const struct recon_civil *civil, int64_t *seconds)
{
    const cctz::civil_second local(civil->year, static_cast<int>(civil->month), static_cast<int>(civil->day),
                                   static_cast<int>(civil->hour), static_cast<int>(civil->minute),
                                   static_cast<int>(civil->second));
    const auto count = zone->zone.lookup(local).pre.time_since_epoch().count();
    /* cctz says the ends where the time lies past them. */
    if (count == std::numeric_limits<decltype(count)>::min() || count == std::numeric_limits<decltype(count)>::max())
        return false;
    *seconds = count;
    return true;
}
