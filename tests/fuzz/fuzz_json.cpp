/*
 * JSON lines against simdjson's document parser: the same lines are good, and the same is found in them. Where the two
 * differ by intent, the reason stands below.
 */
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

extern "C" {
#include "codec/json_lines.h"
#include "fuzz.h"
}

namespace
{

constexpr const char *id_step[] = {"id"};
constexpr const char *deep_steps[] = {"a", "b"};
constexpr const char *item_steps[] = {"list", "1"};
constexpr uint32_t path_count = 3;
constexpr uint32_t lines_at_once = 3;

[[noreturn]] void fail(const char *what, std::string_view line)
{
    std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(line.size()), line.data());
    std::abort();
}

recon_path value_path(const char *const *steps, size_t step_count)
{
    recon_path path{};
    path.kind = RECON_FIELD_VALUE;
    path.text = steps[0];
    path.steps = steps;
    path.step_count = step_count;
    return path;
}

/* The last member of that name, as recon reads it; simdjson's own look-up takes the first. */
bool last_member(simdjson::dom::element from, std::string_view name, simdjson::dom::element &to)
{
    simdjson::dom::object object;
    if (from.get_object().get(object))
        return false;
    bool found = false;
    for (auto field : object) {
        if (field.key == name) {
            to = field.value;
            found = true;
        }
    }
    return found;
}

bool second_item(simdjson::dom::element from, simdjson::dom::element &to)
{
    simdjson::dom::array array;
    return from.get_array().get(array) ? last_member(from, "1", to) : !array.at(1).get(to);
}

void compare(bool there, simdjson::dom::element element, const recon_found &found, std::string_view line)
{
    std::string_view text(found.text.bytes, found.text.size);
    if (!there || element.is_null()) {
        if (found.kind != RECON_FOUND_ABSENT)
            fail("found what is not there", line);
        return;
    }
    switch (element.type()) {
    case simdjson::dom::element_type::STRING:
        if (found.kind != RECON_FOUND_TEXT || text != element.get_string().value_unsafe())
            fail("another text", line);
        break;
    case simdjson::dom::element_type::INT64:
        if (found.kind != RECON_FOUND_INTEGER || text != std::to_string(element.get_int64().value_unsafe()))
            fail("another integer", line);
        break;
    case simdjson::dom::element_type::UINT64:
        if (found.kind != RECON_FOUND_INTEGER || text != std::to_string(element.get_uint64().value_unsafe()))
            fail("another integer", line);
        break;
    default:
        if (found.kind != RECON_FOUND_OTHER)
            fail("a text or an integer where neither is", line);
    }
}

/* What simdjson refuses and recon reads: numbers past 64 bits and past the doubles. What recon refuses and simdjson
 * reads: the low half of a surrogate pair alone, and nesting by one level more or less. */
bool differ_by_intent(simdjson::error_code error, std::string_view line)
{
    return error == simdjson::NUMBER_ERROR || error == simdjson::DEPTH_ERROR ||
           line.find("\\u") != std::string_view::npos;
}

void check_line(simdjson::dom::parser &parser, std::string_view line, int outcome, const recon_found *found)
{
    simdjson::dom::element root;
    auto error = parser.parse(simdjson::padded_string(line)).get(root);
    bool is_object = !error && root.is_object();
    if ((outcome == RECON_JSON_LINE_OBJECT) != is_object) {
        if (!differ_by_intent(error, line))
            fail(is_object ? "refused a good line" : "took a bad line", line);
        return;
    }
    if (!is_object)
        return;
    simdjson::dom::element element, inner;
    bool there = last_member(root, "id", element);
    compare(there, element, found[0], line);
    there = last_member(root, "a", element) && last_member(element, "b", inner);
    compare(there, inner, found[1], line);
    there = last_member(root, "list", element) && second_item(element, inner);
    compare(there, inner, found[2], line);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const recon_path paths[path_count] = {value_path(id_step, 1), value_path(deep_steps, 2), value_path(item_steps, 2)};
    recon_found found[path_count * lines_at_once] = {};
    recon_json_lines *lines = nullptr;
    if (recon_json_lines_new(paths, path_count, size + 1, &lines))
        std::abort();
    simdjson::dom::parser parser;
    auto text = reinterpret_cast<const char *>(bytes);
    size_t used = 0;
    int64_t number = 0;
    int64_t line_number = 1;
    size_t line_start = size >= 3 && std::memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    for (;;) {
        uint32_t count = 0;
        int outcome = recon_json_lines_next(lines, text, size, true, &used, lines_at_once, found, &number, &count);
        if (outcome < 0 || (outcome != RECON_JSON_LINE_NONE && (count == 0 || count > lines_at_once)) ||
            (outcome == RECON_JSON_LINE_MALFORMED && count > 1))
            std::abort();
        if (outcome == RECON_JSON_LINE_NONE)
            break;
        for (uint32_t i = 0; i < count; i++, number++) {
            /* Lines passed over on the way must be blank. */
            std::string_view line;
            for (;; line_number++) {
                size_t line_end = line_start;
                while (line_end < size && text[line_end] != '\n')
                    line_end++;
                line = std::string_view(text + line_start, line_end - line_start);
                line_start = line_end + 1;
                if (line_number == number)
                    break;
                if (line.find_first_not_of(" \t\r") != std::string_view::npos)
                    fail("passed over", line);
            }
            line_number++;
            check_line(parser, line, outcome, found + i * path_count);
        }
    }
    if (used != size)
        std::abort();
    recon_json_lines_free(lines);
    return 0;
}
