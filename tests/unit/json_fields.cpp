/*
 * Reads a JSON object back by simdjson.
 */
#include "json_fields.h"

#include <cmath>
#include <cstring>
#include <simdjson.h>
#include <string>

namespace
{

simdjson::dom::parser parser;

bool object_of(const char *bytes, size_t size, simdjson::dom::object &object)
{
    return parser.parse(bytes, size).get(object) == simdjson::SUCCESS;
}

} // namespace

bool json_is_object(const char *bytes, size_t size)
{
    simdjson::dom::object object;
    return object_of(bytes, size, object);
}

void json_names(const char *bytes, size_t size, char names[JSON_TEXT_SIZE_MAX])
{
    std::string all;
    simdjson::dom::object object;
    if (object_of(bytes, size, object))
        for (simdjson::dom::key_value_pair member : object)
            all += (all.empty() ? "" : " ") + std::string(member.key);
    std::memcpy(names, all.c_str(), all.size() + 1);
}

long json_text(const char *bytes, size_t size, const char *name, char text[JSON_TEXT_SIZE_MAX])
{
    simdjson::dom::object object;
    std::string_view found;
    if (!object_of(bytes, size, object) || object.at_key(name).get(found) != simdjson::SUCCESS)
        return -1;
    std::memcpy(text, found.data(), found.size());
    return static_cast<long>(found.size());
}

double json_number(const char *bytes, size_t size, const char *name)
{
    simdjson::dom::object object;
    simdjson::dom::element found;
    double number;
    if (!object_of(bytes, size, object) || object.at_key(name).get(found) != simdjson::SUCCESS)
        return -1;
    if (found.is_null())
        return std::nan("");
    return found.get(number) == simdjson::SUCCESS ? number : -1;
}
