/*
 * A trace's line by simdjson's DOM, which judges the whole line.
 *
 * Memory that runs out is caught here: no exception leaves.
 */
#include "codec/trace_json.h"

#include <cstring>
#include <new>
#include <simdjson.h>
#include <string>
#include <vector>

#include "recon/status.h"

const char *const recon_trace_field_names[RECON_TRACE_FIELD_COUNT] = {
    "at",      "stream",  "partition",  "id",       "source",           "time",
    "emitted", "context", "offset",     "rejected", "heartbeat",        "alive",
    "start",   "end",     "partitions", "identity", "partitions.audit", "partitions.events",
};

struct recon_trace_json {
    simdjson::dom::parser parser;
    std::vector<recon_trace_value> items;
};

namespace
{

recon_trace_value value_of(recon_trace_json &json, simdjson::dom::element element)
{
    recon_trace_value value{};
    switch (element.type()) {
    case simdjson::dom::element_type::NULL_VALUE:
        value.kind = RECON_TRACE_ABSENT;
        break;
    case simdjson::dom::element_type::BOOL:
        value.kind = RECON_TRACE_BOOLEAN;
        value.boolean = element.get_bool().value_unsafe();
        break;
    case simdjson::dom::element_type::INT64:
        value.kind = RECON_TRACE_INTEGER;
        value.integer = element.get_int64().value_unsafe();
        break;
    case simdjson::dom::element_type::UINT64:
        value.kind = RECON_TRACE_UNSIGNED;
        value.number = element.get_uint64().value_unsafe();
        break;
    case simdjson::dom::element_type::DOUBLE:
        value.kind = RECON_TRACE_FRACTION;
        break;
    case simdjson::dom::element_type::STRING: {
        /* A line is below 4 GiB: the parser takes no longer one. */
        const std::string_view text = element.get_string().value_unsafe();
        value.kind = RECON_TRACE_TEXT;
        value.text = recon_text{text.data(), static_cast<uint32_t>(text.size())};
        break;
    }
    case simdjson::dom::element_type::ARRAY: {
        /* Lists in lists stand for nothing in a trace, so that one level is enough. */
        value.kind = RECON_TRACE_LIST;
        value.item_first = json.items.size();
        simdjson::dom::array list;
        if (element.get(list) != simdjson::SUCCESS)
            break;
        for (simdjson::dom::element item : list) {
            recon_trace_value inner{};
            inner.kind = RECON_TRACE_OBJECT;
            if (!item.is_array() && !item.is_object())
                inner = value_of(json, item);
            json.items.push_back(inner);
        }
        value.item_count = json.items.size() - value.item_first;
        break;
    }
    case simdjson::dom::element_type::OBJECT:
        value.kind = RECON_TRACE_OBJECT;
        break;
    }
    return value;
}

/* Reads an object's members that are named names[first] to names[last - 1], behind prefix. False: one comes twice. */
bool members_read(recon_trace_json &json, simdjson::dom::object object, size_t prefix, size_t first, size_t last,
                  recon_trace_value *values, enum recon_trace_field *twice)
{
    bool seen[RECON_TRACE_FIELD_COUNT] = {};
    for (simdjson::dom::key_value_pair member : object) {
        for (size_t field = first; field < last; field++) {
            if (member.key != recon_trace_field_names[field] + prefix)
                continue;
            if (seen[field]) {
                *twice = static_cast<enum recon_trace_field>(field);
                return false;
            }
            seen[field] = true;
            values[field] = value_of(json, member.value);
            simdjson::dom::object inner;
            if (field == RECON_TRACE_PARTITIONS && member.value.get(inner) == simdjson::SUCCESS &&
                !members_read(json, inner, sizeof "partitions." - 1, RECON_TRACE_PARTITIONS_AUDIT,
                              RECON_TRACE_FIELD_COUNT, values, twice))
                return false;
            break;
        }
    }
    return true;
}

size_t digits_skip(const char *at, size_t size)
{
    size_t count = 0;
    while (count < size && at[count] >= '0' && at[count] <= '9')
        count++;
    return count;
}

/* A number as RFC 8259 has it, of any size. */
bool is_number(const char *at, size_t size)
{
    size_t done = size > 0 && at[0] == '-' ? 1 : 0;
    const size_t whole = digits_skip(at + done, size - done);
    if (whole == 0 || (whole > 1 && at[done] == '0'))
        return false;
    done += whole;
    if (done < size && at[done] == '.') {
        const size_t part = digits_skip(at + done + 1, size - done - 1);
        if (part == 0)
            return false;
        done += 1 + part;
    }
    if (done < size && (at[done] == 'e' || at[done] == 'E')) {
        done++;
        done += done < size && (at[done] == '+' || at[done] == '-') ? 1 : 0;
        const size_t power = digits_skip(at + done, size - done);
        if (power == 0)
            return false;
        done += power;
    }
    return done == size;
}

/* The DOM holds no number past 64 bits, but where nobody reads it, it is as good as any other: each becomes a small
 * fraction, which no field of a trace takes. What is no number at all stays, and is refused again. */
std::string without_large_numbers(const char *line, size_t size)
{
    static const char fraction[] = "1.5";
    std::string copy(line, size);
    bool is_text = false;
    for (size_t at = 0; at < size; at++) {
        if (is_text) {
            if (copy[at] == '\\')
                at++; /* and what it escapes */
            else
                is_text = copy[at] != '"';
            continue;
        }
        is_text = copy[at] == '"';
        const size_t length = std::strspn(copy.c_str() + at, "+-.0123456789eE");
        const bool begins = copy[at] == '-' || (copy[at] >= '0' && copy[at] <= '9');
        if (is_text || !begins || length < sizeof fraction - 1)
            continue;
        if (is_number(copy.data() + at, length)) {
            copy.replace(at, length, length, ' ');
            copy.replace(at, sizeof fraction - 1, fraction);
        }
        at += length - 1;
    }
    return copy;
}

} // namespace

struct recon_trace_json *recon_trace_json_new(void)
{
    return new (std::nothrow) recon_trace_json;
}

void recon_trace_json_free(struct recon_trace_json *json)
{
    delete json;
}

int recon_trace_json_parse(struct recon_trace_json *json, const char *line, size_t size,
                           struct recon_trace_value values[RECON_TRACE_FIELD_COUNT],
                           const struct recon_trace_value **items, const char **message, enum recon_trace_field *twice)
try {
    *twice = RECON_TRACE_FIELD_COUNT;
    std::memset(values, 0, RECON_TRACE_FIELD_COUNT * sizeof *values);
    json->items.clear();
    simdjson::dom::object object;
    simdjson::error_code error = json->parser.parse(line, size).get(object);
    if (error == simdjson::NUMBER_ERROR)
        error = json->parser.parse(without_large_numbers(line, size)).get(object);
    if (error == simdjson::MEMALLOC)
        return RECON_ERROR_MEMORY;
    if (error == simdjson::INCORRECT_TYPE) {
        *message = "not a JSON object";
        return RECON_ERROR_INVALID;
    }
    if (error != simdjson::SUCCESS) {
        *message = simdjson::error_message(error);
        return RECON_ERROR_INVALID;
    }
    if (!members_read(*json, object, 0, 0, RECON_TRACE_PARTITIONS_AUDIT, values, twice))
        return RECON_ERROR_INVALID;
    *items = json->items.data();
    return RECON_OK;
} catch (const std::bad_alloc &) {
    return RECON_ERROR_MEMORY;
}
