/*
 * How fast simdjson alone reads an ID and a time from each line of two NDJSON files, a thread for each.
 *
 *     bench_simdjson_lines AUDIT EVENTS
 *
 * On-demand parsing, which does not look at what nobody asks for. Files are read in pieces of 4 MiB that end with a
 * line. Prints one line: lines, seconds, and lines a second.
 */
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

namespace
{

constexpr size_t piece_size = size_t{4} << 20;

struct Result {
    size_t lines = 0;
    size_t bytes = 0; /* of IDs and times, so that reading them is not for nothing */
    std::string error;
};

void read_lines(const char *name, const char *time_field, Result &result)
{
    const int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        result.error = std::string(name) + ": " + std::strerror(errno);
        return;
    }
    simdjson::padded_string piece(piece_size);
    simdjson::ondemand::parser parser;
#ifdef SIMDJSON_THREADS_ENABLED
    parser.threaded = false; /* both cores have a file each */
#endif
    size_t held = 0;
    for (;;) {
        const ssize_t got = read(file, piece.data() + held, piece_size - held);
        if (got < 0) {
            result.error = std::string(name) + ": " + std::strerror(errno);
            break;
        }
        held += static_cast<size_t>(got);
        size_t whole = held;
        if (got > 0)
            while (whole > 0 && piece.data()[whole - 1] != '\n')
                whole--;
        if (whole == 0 && held < piece_size && got > 0)
            continue;
        simdjson::ondemand::document_stream lines;
        if (parser.iterate_many(piece.data(), whole, piece_size).get(lines) != simdjson::SUCCESS)
            break;
        for (auto line : lines) {
            std::string_view id, time;
            auto error = line["id"].get_string().get(id);
            if (!error)
                error = line[time_field].get_string().get(time);
            if (error) {
                result.error = std::string(name) + ": " + simdjson::error_message(error);
                break;
            }
            result.lines++;
            result.bytes += id.size() + time.size();
        }
        std::memmove(piece.data(), piece.data() + whole, held - whole);
        held -= whole;
        if (got == 0 || !result.error.empty())
            break;
    }
    close(file);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s AUDIT EVENTS\n", argv[0]);
        return 2;
    }
    const auto begin = std::chrono::steady_clock::now();
    Result audit, events;
    std::thread other(read_lines, argv[1], "event_time", std::ref(audit));
    read_lines(argv[2], "time", events);
    other.join();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    for (const Result *result : {&audit, &events})
        if (!result->error.empty()) {
            std::fprintf(stderr, "%s\n", result->error.c_str());
            return 2;
        }
    const size_t lines = audit.lines + events.lines;
    std::printf("%zu lines %.3f s %.0f lines/s\n", lines, taken.count(), static_cast<double>(lines) / taken.count());
    return 0;
}
