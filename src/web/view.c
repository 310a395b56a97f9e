/*
 * See view.h.
 */
#include "web/view.h"

#include <stdlib.h>
#include <string.h>

struct recon_web_view *recon_web_view_copy(const struct recon_run_view *view)
{
    const size_t size = view->partition_count * sizeof *view->partitions;
    struct recon_web_view *made = malloc(sizeof *made + size);
    if (made == NULL)
        return NULL;
    made->view = *view;
    made->tally = *view->tally;
    if (size > 0)
        memcpy(made->partitions, view->partitions, size);
    made->view.tally = &made->tally;
    made->view.partitions = made->partitions;
    return made;
}

void recon_web_view_free(struct recon_web_view *view)
{
    free(view);
}

int64_t recon_web_lag(const struct recon_run_partition *partition)
{
    return partition->end > partition->position ? partition->end - partition->position : 0;
}

const char *recon_web_phase_name(enum recon_run_phase phase)
{
    static const char *const names[] = {"starting", "standby", "rereading", "running", "stopping"};
    return names[phase];
}
