// The thin shim over simdjson's first stage, which its document streams use in the same way: a block of many documents
// is indexed at once. Its second stage would build a tape of values that nobody reads; json_walk.c checks the grammar
// instead.
#include "codec/json_index.h"

#include <memory>
#include <new>

#include <simdjson.h>

#include "recon/status.h"

namespace
{
// A usual block of lines. What one huge line needed is given back with the next usual block.
constexpr size_t capacity_usual = size_t(64) << 10;
constexpr size_t capacity_kept = size_t(1) << 20;
// The second stage is not used, so its stack may be as small as it can be.
constexpr size_t stage2_depth = 1;
} // namespace

struct recon_json_index {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

static int make_parser(recon_json_index &index, size_t capacity)
{
    index.parser.reset();
    auto error =
        simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, stage2_depth, index.parser);
    return error ? RECON_ERROR_MEMORY : RECON_OK;
}

int recon_json_index_new(recon_json_index **index)
{
    std::unique_ptr<recon_json_index> made(new (std::nothrow) recon_json_index);
    if (!made)
        return RECON_ERROR_MEMORY;
    *index = made.release();
    return RECON_OK;
}

void recon_json_index_free(recon_json_index *index)
{
    delete index;
}

int recon_json_index_run(recon_json_index *index, const char *bytes, size_t size, const uint32_t **positions)
{
    size_t capacity = index->parser ? index->parser->capacity() : 0;
    if (!index->parser || capacity < size || (capacity > capacity_kept && size <= capacity_usual)) {
        int status = make_parser(*index, size < capacity_usual ? capacity_usual : size);
        if (status != RECON_OK)
            return status;
    }
    auto &parser = *index->parser;
    auto error = parser.stage1(reinterpret_cast<const uint8_t *>(bytes), size, simdjson::stage1_mode::regular);
    if (error == simdjson::EMPTY)
        parser.n_structural_indexes = 0;
    else if (error)
        return error == simdjson::MEMALLOC ? RECON_ERROR_MEMORY : RECON_ERROR_INVALID;
    /* The array has room for them: simdjson makes it longer than there are bytes, and writes three behind the last. */
    for (uint32_t i = 0; i < RECON_JSON_INDEX_ENDS; i++)
        parser.structural_indexes[parser.n_structural_indexes + i] = static_cast<uint32_t>(size);
    *positions = parser.structural_indexes.get();
    return RECON_OK;
}
