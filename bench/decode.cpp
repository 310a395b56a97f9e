/*
 * What it costs to make records of JSON lines, beside simdjson alone on the same bytes.
 *
 *     bench_decode [--ids 200000] [--runs 9]
 *
 * The lines are what `recon generate` makes, in memory; an audit and an event stream, each by itself. recon judges
 * every line whole and makes its record (ID, times, source, context, key); simdjson's on-demand looks up ID and time
 * and judges nothing else; its document parser judges all, keeps all, and looks up the same. Processor time, medians.
 */
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

extern "C" {
#include "decode_lines.h"
#include "generate/generator.h"
}

#include "bench.h"

namespace
{
constexpr size_t block_size = size_t{1} << 20; /* for on-demand, which takes many lines at once */

[[noreturn]] void die(const char *what)
{
    std::fprintf(stderr, "bench_decode: %s\n", what);
    std::exit(2);
}

struct Stream {
    const char *name;
    int stream;
    const char *time_field;
    simdjson::padded_string lines = simdjson::padded_string();
    size_t count = 0;
};

void generate(uint64_t id_count, Stream *streams)
{
    recon_generate_options options;
    recon_generate_options_init(&options);
    options.id_count = id_count;
    recon_generator *generator = nullptr;
    if (recon_generator_new(&options, &generator) != RECON_OK)
        die("can't generate so many IDs");
    std::vector<char> bytes[RECON_GENERATE_FILE_COUNT];
    recon_generate_buffer buffers[RECON_GENERATE_FILE_COUNT];
    for (int i = 0; i < RECON_GENERATE_FILE_COUNT; i++) {
        bytes[i].resize(id_count * 400 + RECON_GENERATE_LINE_SIZE_MAX);
        buffers[i] = {bytes[i].data(), 0, bytes[i].size()};
    }
    bool done = false;
    if (recon_generator_next(generator, buffers, &done) != RECON_OK || !done)
        die("the lines are longer than they were thought to be");
    recon_generate_counts counts;
    recon_generator_counts(generator, &counts);
    recon_generator_free(generator);
    for (int i = 0; i < RECON_STREAM_COUNT; i++) {
        streams[i].lines = simdjson::padded_string(buffers[i].bytes, buffers[i].size);
        streams[i].count = counts.lines[i];
    }
}

size_t by_recon(const Stream &stream)
{
    return bench_decode_lines(stream.lines.data(), stream.lines.size(), stream.stream, RECON_FORMAT_AUTO);
}

size_t by_on_demand(const Stream &stream)
{
    simdjson::ondemand::parser parser;
    size_t records = 0;
    const char *start = stream.lines.data();
    const char *const end = start + stream.lines.size();
    while (start < end) {
        size_t size = static_cast<size_t>(end - start) < block_size ? static_cast<size_t>(end - start) : block_size;
        while (start[size - 1] != '\n')
            size--;
        simdjson::ondemand::document_stream lines;
        if (parser.iterate_many(start, size, block_size).get(lines))
            die("simdjson refuses a block");
        for (auto line : lines) {
            std::string_view id, time;
            records += !line["id"].get_string().get(id) && !line[stream.time_field].get_string().get(time);
        }
        start += size;
    }
    return records;
}

size_t by_document(const Stream &stream)
{
    simdjson::dom::parser parser;
    size_t records = 0;
    const char *start = stream.lines.data();
    const char *const end = start + stream.lines.size();
    while (start < end) {
        auto newline = static_cast<const char *>(std::memchr(start, '\n', static_cast<size_t>(end - start)));
        simdjson::dom::element line;
        std::string_view id, time;
        records += !parser.parse(start, static_cast<size_t>(newline - start), false).get(line) &&
                   !line["id"].get_string().get(id) && !line[stream.time_field].get_string().get(time);
        start = newline + 1;
    }
    return records;
}

} // namespace

int main(int argc, char **argv)
{
    bench_option options[] = {{"--ids", 200000}, {"--runs", 9}};
    bench_options(argc, argv, options, 2);
    const auto run_count = static_cast<size_t>(options[1].value);
    if (options[0].value == 0 || run_count == 0 || run_count > BENCH_RUN_COUNT_MAX)
        die("--ids and --runs begin at 1");

    Stream streams[RECON_STREAM_COUNT] = {{"audit", RECON_STREAM_AUDIT, "event_time"},
                                          {"events", RECON_STREAM_EVENTS, "time"}};
    generate(options[0].value, streams);
    size_t (*const ways[])(const Stream &) = {by_recon, by_on_demand, by_document};
    for (const Stream &stream : streams) {
        double figures[3][BENCH_RUN_COUNT_MAX];
        for (size_t run = 0; run < run_count; run++) {
            for (size_t way = 0; way < 3; way++) {
                const int64_t begin = bench_now_ns();
                if (ways[way](stream) != stream.count)
                    die("not every line is a record");
                figures[way][run] = static_cast<double>(bench_now_ns() - begin) / static_cast<double>(stream.count);
            }
        }
        const double recon = bench_median(figures[0], run_count);
        const double on_demand = bench_median(figures[1], run_count);
        const double document = bench_median(figures[2], run_count);
        std::printf("%s, %zu lines of %.0f bytes: recon %.0f ns a line; on-demand %.0f ns (%.2f of its lines/s); "
                    "document %.0f ns (%.2f of its lines/s)\n",
                    stream.name, stream.count,
                    static_cast<double>(stream.lines.size()) / static_cast<double>(stream.count), recon, on_demand,
                    on_demand / recon, document, document / recon);
    }
    return 0;
}
