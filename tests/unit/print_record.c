#include "print_record.h"

static void print_text(FILE *out, const char *name, struct recon_text text)
{
    if (!text.bytes)
        return;
    fprintf(out, " %s=", name);
    if (text.size > 200) /* tests of huge texts look at sizes */
        fprintf(out, "(%u bytes)", text.size);
    else
        fwrite(text.bytes, 1, text.size, out);
}

void print_record(FILE *out, const struct recon_record *record)
{
    static const char *const kinds[] = {"record", "heartbeat", "rejected"};
    fprintf(out, "%s %lld", kinds[record->kind], (long long)record->offset);
    if (record->place > 0)
        fprintf(out, "#%u", record->place);
    if (record->kind == RECON_KIND_REJECTED)
        fprintf(out, " %s", recon_reason_name(record->reason));
    print_text(out, "id", record->id);
    print_text(out, "source", record->source);
    if (record->has_time)
        fprintf(out, " time=%lld", (long long)record->time);
    if (record->has_emitted_time)
        fprintf(out, " emitted=%lld", (long long)record->emitted_time);
    print_text(out, "context", record->context);
    fputc('\n', out);
}
