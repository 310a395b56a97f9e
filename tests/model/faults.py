#!/usr/bin/env python3
"""Plants faults in the engine, one at a time, and shows that the model test objects to each.

A fault is an exact piece of one file of src/core and what takes its place; where the piece is no longer there exactly
once, the run fails and says which, so that the list keeps up with the engine. The sources themselves are not touched:
the changed file is compiled apart, with the compiler alone.

    faults.py SOURCE_DIR WORK_DIR [--only NUMBER] [--cc CC] [--jobs N]

Exit status: 0 every fault was found, 1 one was not, or could not be planted.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

SEEDS = 5000  # within so many the model test must object

# name, file, piece, what takes its place, further arguments of the model test
FAULTS = [
    ("a duplicate counts in the window of its own time", "matcher_records.c",
     "*counts = partial_counts_at(&matcher->partial, identity->time);\n        if (record->stream",
     "*counts = partial_counts_at(&matcher->partial, record->has_time ? record->time : identity->time);\n"
     "        if (record->stream", []),
    ("an audit record that is too late is not counted as unjudged", "matcher_records.c",
     "    matcher->stats.too_late[record->stream]++;\n    if (record->stream == RECON_STREAM_AUDIT)",
     "    matcher->stats.too_late[record->stream]++;\n    if (false)", []),
    ("unjudged audit records open windows that are not judged", "matcher_records.c",
     "window_start(index, settings->interval_ms) >= settings->to_ms)", "false)", []),
    ("a poisoned event does not match its audit record", "matcher_records.c",
     "(is_poisoned || !record->has_time) && (identity.sides & HAS_AUDIT) == 0",
     "is_poisoned || (!record->has_time && (identity.sides & HAS_AUDIT) == 0)", []),
    ("too late is judged before duplicate", "matcher_records.c",
     "    if ((identity.sides & HAS_EVENT) != 0)\n        return duplicate(matcher, record, &identity);\n",
     "    if (record->has_time && time_is_over(matcher->bound.retention_bound, record->time, settings->retention_ms))\n"
     "        return refuse_as_too_late(matcher, record);\n    if ((identity.sides & HAS_EVENT) != 0)\n"
     "        return duplicate(matcher, record, &identity);\n", []),
    ("what is found stays missing in its window", "matcher_records.c", "        counts->missing--;\n", "", []),
    ("what is audited stays unaudited in its window", "matcher_records.c",
     "partial_counts_at(&matcher->partial, identity->time)->unaudited--;", "", []),
    ("a matched identity keeps the time of its event", "matcher_records.c",
     "set_matched(matcher, identity, record->time);", "set_matched(matcher, identity, identity->time);", []),
    ("an event outside is reported as unaudited", "matcher_records.c",
     "bool is_silent = !is_audit && time_is_outside(&matcher->settings, record->time);", "bool is_silent = false;", []),
    ("a waiting event opens no window", "matcher_records.c",
     "    if (!is_silent) {\n        struct recon_counts *counts = partial_counts_at(",
     "    if (is_audit) {\n        struct recon_counts *counts = partial_counts_at(", []),
    ("a record that memory refused was counted", "matcher_records.c",
     "        if (handle == 0)\n            return RECON_ERROR_MEMORY;\n        matcher->arrival_next++;",
     "        if (handle == 0) {\n            matcher->stats.accepted[record->stream]++;\n"
     "            return RECON_ERROR_MEMORY;\n        }\n        matcher->arrival_next++;", ["--mode", "failures"]),
    ("found loses the source", "matcher.c",
     "const bool is_kept = matcher_keeps_due(matcher, record);",
     "const bool is_kept = !is_missing && matcher_keeps_due(matcher, record);", []),
    ("what is over is not forgotten where it was reported", "matcher_state.h",
     "    return state != PENDING_AUDIT && state != PENDING_EVENT;", "    return state == PENDING_MATCHED;", []),
    ("the context comes from the source's place", "matcher.c",
     "text_at(texts + record->id_size + record->source_size, record->context_size,",
     "text_at(texts + record->id_size, record->context_size,", []),
    ("the wheel forgets that something earlier came", "deadlines.c",
     "    if (time < deadlines->bound)\n        deadlines->bound = time;\n", "", []),
    ("what comes behind the watermark waits as if it were ahead", "deadlines.c",
     "    if (record->time <= watermark) {", "    if (record->time < watermark) {", []),
    ("a removal leaves the tag of what it moved", "table.c",
     "    block->tags[at] = block->tags[block->used];\n", "", ["--steps", "20000"]),
    ("a split loses which half is which", "table.c",
     "        uint32_t half_first = first + bit * slots_of_segment(table, &half[bit]);",
     "        uint32_t half_first = first + (uint32_t)!bit * slots_of_segment(table, &half[bit]);", ["--steps", "40000"]),
    ("a table that grows leaves its last block behind", "table.c",
     "block < from->blocks + from->block_count; block++)\n        for (const struct table_entry *entry = block->entries; entry < block->entries + block->used; entry++)\n            segment_add(to, entry);",
     "block < from->blocks + from->block_count - 1; block++)\n        for (const struct table_entry *entry = block->entries; entry < block->entries + block->used; entry++)\n            segment_add(to, entry);", []),
    ("keys that differ in their low part alone are one", "table.h",
     " && ((entry->rest ^ key.low) & TABLE_KEY_LOW_MASK) == 0;", ";", []),
    ("a search ends before the key's place", "table.h",
     "    return home->reach > 0 || home->used == TABLE_BLOCK_PLACES;",
     "    return home->used == TABLE_BLOCK_PLACES;", ["--steps", "40000"]),
    ("where a record would be is trusted though entries moved", "matcher_records.c",
     "    if (matcher->ahead.version == matcher->table.version &&\n", "    if (\n", ["--steps", "40000"]),
    ("what was not there is still taken to be absent", "matcher_records.c",
     "(hinted->block != NULL && hinted->block->used == hint->used)", "hinted->block != NULL", []),
    ("what was dealt out ahead is passed over", "deadlines.c", " || deadlines->ahead[level] == digit)", ")", []),
    ("what was dealt out ahead stays where it is", "deadlines.c", "        deadlines->set[level - 1] ^= 1u;\n", "", []),
    ("the earliest of what waits is not the first to be due", "deadlines.c",
     "        lower_cursor(deadlines, time);\n", "        deadlines->cursor = time;\n", []),
    ("a purge forgets how far behind their homes entries lie", "table.c",
     "        (void)reach_to(&slot, home, block);\n", "", ["--steps", "40000"]),
    ("an input that is alive is idle all the same", "watermark.c", "    alive->last_ms = watermark->now_ms;\n", "", []),
    ("any record keeps a partition from being idle", "watermark_state.h",
     "    if (seen->has_max && time_ms <= seen->max)\n        return;",
     "    if (seen->has_max && time_ms <= seen->max) {\n        seen->last_ms = watermark->now_ms;\n        return;\n    }",
     []),
    ("the clock alone makes records too late", "watermark.c",
     "        is_bound_rising = false;\n        watermark->was_silent = true;", "        watermark->was_silent = true;", []),
    ("the first to wake makes records too late", "watermark.c",
     "        if (watermark->was_silent) {", "        if (false) {", []),
    ("event time goes on one step too fast", "watermark.c",
     "uint64_t back = (uint64_t)watermark->out_of_orderness_ms + 1;", "uint64_t back = (uint64_t)watermark->out_of_orderness_ms;",
     []),
    ("the basis hides that an idle input was left out", "watermark.c",
     "survey.active < survey.open ? RECON_BASIS_TIMEOUT : RECON_BASIS_WATERMARK", "RECON_BASIS_WATERMARK", []),
    ("a window closes one step late", "windows.c",
     "        *index = floor_divide(bound + 1, interval_ms) - 1;\n    return true;\n}\n\n/* The last window that R",
     "        *index = floor_divide(bound, interval_ms) - 1;\n    return true;\n}\n\n/* The last window that R", []),
    ("empty windows come back from beyond retention", "windows.c",
     "        first = index > first ? index : first;\n    }\n    int64_t from", "    }\n    int64_t from", []),
    ("a window is emitted again though nothing changed", "windows.c",
     "    if (window->revision_next > 0 && memcmp(&window->counts, &window->emitted, sizeof(window->counts)) == 0)\n"
     "        return false;\n", "", []),
    ("a window that changed is forgotten untold", "windows.c",
     "        if (emit_queued(windows, metric))\n            return 1;\n    while (windows->ages",
     "        (void)emit_queued(windows, metric);\n    while (windows->ages", []),
    ("the earliest window is the first that came", "windows.c",
     "    if (!windows->has_earliest || index < windows->earliest) {", "    if (!windows->has_earliest) {", []),
    ("an empty window that was emitted starts anew", "windows.c",
     "(struct window){.revision_next = is_in_run(windows, index) ? 1 : 0}", "(struct window){.revision_next = 0}", []),
    ("results that wait don't hold a call back", "engine.c",
     "    return engine->phase != ENGINE_READY || engine->has_held;", "    return engine->phase != ENGINE_READY;", []),
    ("a snapshot forgets the silence", "snapshot_items.c",
     "    watermark->was_silent = was_silent;\n", "", ["--mode", "restore"]),
    ("a snapshot forgets the order of arrival", "snapshot_items.c",
     "        builder->matcher->arrival_next = arrival_next;\n", "        builder->matcher->arrival_next = 0;\n",
     ["--mode", "restore"]),
    ("a frozen snapshot misses that a pair came together", "matcher_records.c",
     "    matcher_note(matcher, identity->place.entry);\n", "", ["--mode", "frozen"]),
    ("a frozen snapshot has an identity that came later", "matcher_records.c",
     "    if (matcher->view != NULL)\n        recon_matcher_view_note(matcher, record->key, NULL);\n", "", ["--mode", "frozen"]),
    ("a frozen snapshot has what fell due later as missing", "matcher.c",
     "    matcher_note(matcher, place.entry);\n", "", ["--mode", "frozen"]),
    ("a frozen snapshot lacks what was forgotten later", "matcher.c", "    matcher_note(matcher, entry);\n", "",
     ["--mode", "frozen"]),
    ("a record that a frozen snapshot wants is given back too early", "matcher.c",
     "        matcher_release(matcher, matcher->spent);", "        pending_free(&matcher->pool, matcher->spent);",
     ["--mode", "frozen"]),
    ("before-images that the walk has not come to are kept when it ends", "matcher_view.c",
     "    images_drop(view, NULL);\n", "", ["--mode", "frozen"]),
    ("before-images of what is not wanted are kept", "matcher_view.c",
     "            images_drop(view, &key);\n", "            ;\n", ["--mode", "frozen"]),
    ("a frozen snapshot has the time of a later audit record", "matcher_records.c",
     "        recon_matcher_view_part(matcher, identity->handle);\n", "", ["--mode", "frozen"]),
    ("the second change of an identity is taken for the first", "matcher_view.c",
     "    if (place.entry != NULL)\n        return;\n    set_reclaim",
     "    if (place.entry != NULL)\n        table_remove(&view->before, place);\n    place = table_find(&view->before, key);\n"
     "    set_reclaim", ["--mode", "frozen"]),
    ("the windows' memory is not given back", "windows.c",
     "    index_heap_deinit(&windows->ages);\n", "", []),
]


class Build:
    def __init__(self, source, work, cc):
        self.core = source / "src/core"
        self.work = work
        self.cc = [cc, "-std=c11", "-O1", "-g", "-w", f"-I{source}/include", f"-I{source}/src", f"-I{source}/tests/model"]
        self.objects = {}
        files = sorted(self.core.glob("*.c"))
        names = ["allocator", "compare", "delayed", "frozen", "model", "model_test", "random_trace", "results", "sharded", "shrink", "snapshots",
                 "subject", "trace"]
        files += [source / "tests/model" / f"{name}.c" for name in names]
        for file in files:
            self.objects[file] = self.compile(file, work / f"{file.parent.name}.{file.stem}.o")

    def compile(self, file, to, *include_first):
        subprocess.run([self.cc[0], *include_first, *self.cc[1:], "-c", str(file), "-o", str(to)], check=True)
        return to

    def program(self, number, file, text):
        """Links the model test with one changed file; all of the core is compiled anew for a header's sake."""
        place = self.work / f"planted{number}"
        (place / "core").mkdir(parents=True, exist_ok=True)
        changed = place / "core" / file.name
        changed.write_text(text)
        is_header = file.suffix == ".h"
        affected = [path for path in self.objects if (path.parent == self.core if is_header else path == file)]
        replaced = {path: self.compile(path if is_header else changed, place / f"{path.stem}.o", f"-I{place}")
                    for path in affected}
        objects = [replaced.get(path, made) for path, made in self.objects.items()]
        to = place / "model_test"
        subprocess.run([self.cc[0], *map(str, objects), "-o", str(to)], check=True)
        return to


def plant(build, number, fault):
    """Returns (found, what to say)."""
    name, file_name, piece, instead, arguments = fault
    file = build.core / file_name
    text = file.read_text()
    if text.count(piece) != 1:
        return False, f"{number:2} {name}: {file_name} has the piece {text.count(piece)} times, not once: mend tests/model/faults.py"
    program = build.program(number, file, text.replace(piece, instead))
    command = [str(program), "--seeds", f"1..{SEEDS}", "--quiet", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    seed = re.search(r"seed (\d+) fails", done.stdout)
    if done.returncode == 1 and seed:
        return True, f"{number:2} {name}: found by seed {seed.group(1)}"
    return False, f"{number:2} {name}: NOT FOUND within {SEEDS} seeds {' '.join(arguments)}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--only", type=int)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    build = Build(arguments.source.resolve(), arguments.work.resolve(), arguments.cc)
    chosen = [(i + 1, fault) for i, fault in enumerate(FAULTS) if arguments.only in (None, i + 1)]
    all_found = True
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for found, said in pool.map(lambda numbered: plant(build, *numbered), chosen):
            all_found &= found
            print(said, flush=True)
    return 0 if all_found else 1


if __name__ == "__main__":
    sys.exit(main())
