/*
 * The join of join.c beside the same one with a hash map from the shelf: absl::flat_hash_map, as Debian has it.
 *
 *     bench_hashmap [--ids N] [--runs 5]
 *
 * The map holds the same fields: the 128-bit key, a time, and which sides were seen. It counts windows as the engine
 * does and knows neither deadlines nor retention. Both touch their memory for the first time within the clock. Keys are
 * hashes already: its hash function takes 64 bits of them. (Debian 12's Boost, 1.74, has no boost::unordered_flat_map
 * yet.)
 */
#include <absl/container/flat_hash_map.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "bench.h"

namespace
{

struct Key {
    uint64_t high, low;
    bool operator==(const Key &other) const { return high == other.high && low == other.low; }
};
struct KeyHash {
    size_t operator()(const Key &key) const { return key.low; }
};
struct State {
    int64_t time;
    uint8_t sides;
};
struct Counts {
    uint64_t expected, matched, duplicates[RECON_STREAM_COUNT];
};

constexpr int64_t interval_ms = 60000;

class Join
{
  public:
    void take(int stream, const bench_record &record)
    {
        const uint8_t side = static_cast<uint8_t>(1 << stream);
        auto [at, is_new] = map_.try_emplace(Key{record.key.high, record.key.low}, State{record.time, side});
        State &state = at->second;
        if (!is_new && (state.sides & side) != 0) {
            window(state.time).duplicates[stream]++;
            return;
        }
        if (stream == RECON_STREAM_AUDIT) {
            state.time = record.time;
            window(state.time).expected++;
        }
        if (!is_new) {
            state.sides = 3;
            window(state.time).matched++;
            matched_++;
        }
    }
    size_t matched() const { return matched_; }

  private:
    Counts &window(int64_t time)
    {
        const int64_t index = time / interval_ms;
        if (index != last_index_ || last_ == nullptr) {
            last_ = &windows_[index];
            last_index_ = index;
        }
        return *last_;
    }
    absl::flat_hash_map<Key, State, KeyHash> map_;
    std::map<int64_t, Counts> windows_;
    Counts *last_ = nullptr;
    int64_t last_index_ = 0;
    size_t matched_ = 0;
};

int64_t feed(Join &map, int stream, size_t count)
{
    static bench_record records[BENCH_RECORD_COUNT];
    int64_t taken = 0;
    for (size_t first = 0; first < count;) {
        const size_t made = bench_records(stream, first, count, records);
        const int64_t begin = bench_now_ns();
        for (size_t i = 0; i < made; i++)
            map.take(stream, records[i]);
        taken += bench_now_ns() - begin;
        first += made;
    }
    return taken;
}

} // namespace

int main(int argc, char **argv)
{
    bench_option options[] = {{"--ids", 20000000}, {"--runs", 5}};
    bench_options(argc, argv, options, 2);
    const size_t count = options[0].value;
    const size_t run_count = options[1].value < 1 || options[1].value > BENCH_RUN_COUNT_MAX ? 5 : options[1].value;
    double map_ns[BENCH_RUN_COUNT_MAX];
    double recon_ns[BENCH_RUN_COUNT_MAX];
    double ratio[BENCH_RUN_COUNT_MAX];
    double resident = 0;
    for (size_t run = 0; run < run_count; run++) {
        const bench_join join = bench_join_run(count, false, nullptr);
        recon_ns[run] = join.record_ns;
        const uint64_t before = bench_resident_bytes();
        Join map;
        const int64_t taken = feed(map, RECON_STREAM_AUDIT, count) + feed(map, RECON_STREAM_EVENTS, count);
        map_ns[run] = static_cast<double>(taken) / static_cast<double>(2 * count);
        const uint64_t after = bench_resident_bytes();
        resident = after > before ? static_cast<double>(after - before) : 0;
        ratio[run] = map_ns[run] / recon_ns[run];
        if (map.matched() != count) {
            std::fprintf(stderr, "bench: the map did not match every pair\n");
            return 2;
        }
    }
    std::printf(
        "%11zu IDs: recon %.1f ns a record, absl::flat_hash_map %.1f ns, ratio %.2f; the map holds %.1f bytes an "
        "ID resident\n",
        count, bench_median(recon_ns, run_count), bench_median(map_ns, run_count), bench_median(ratio, run_count),
        resident / static_cast<double>(count));
    bench_row("join, %.0e IDs in flight | %.1f ns a record | absl::flat_hash_map: %.1f ns | %.2f | ≥ 3",
              static_cast<double>(count), bench_median(recon_ns, run_count), bench_median(map_ns, run_count),
              bench_median(ratio, run_count));
    return 0;
}
