/* The critical path of a project, from what is planned and what has happened. */
#include "rules.h"

static long larger(long a, long b)
{
    return a > b ? a : b;
}

/* A task that has not begun begins today at the earliest; one under way needs the share that is left. */
static void place(struct certification_task *t, long earliest, long today)
{
    long left = (t->duration * (100 - t->progress) + 99) / 100;
    if (t->finished) {
        t->start = t->started ? t->started : t->finished;
        t->finish = t->finished;
    } else if (t->started) {
        t->start = t->started;
        t->finish = larger(today, today + left - 1);
    } else {
        t->start = larger(earliest, today);
        t->finish = t->start + t->duration - 1;
    }
}

static bool ready(const struct certification_task *tasks, const bool *placed, const struct certification_task *t, long *earliest)
{
    for (size_t i = 0; i < t->before_count; i++) {
        if (!placed[t->before[i]])
            return false;
        *earliest = larger(*earliest, tasks[t->before[i]].finish + 1);
    }
    return true;
}

/* Predecessors first; false: some task waits for itself. */
static bool order(struct certification_task *tasks, size_t count, size_t *sequence, long start, long today)
{
    bool placed[CERTIFICATION_TASKS] = {false};
    for (size_t done = 0; done < count;) {
        size_t before = done;
        for (size_t i = 0; i < count; i++) {
            long earliest = start;
            if (placed[i] || !ready(tasks, placed, &tasks[i], &earliest))
                continue;
            place(&tasks[i], earliest, today);
            placed[i] = true;
            sequence[done++] = i;
        }
        if (done == before)
            return false;
    }
    return true;
}

long certification_schedule(struct certification_task *tasks, size_t count, long start, long today)
{
    size_t sequence[CERTIFICATION_TASKS];
    long latest[CERTIFICATION_TASKS], end = 0;
    if (count == 0 || count > CERTIFICATION_TASKS || !order(tasks, count, sequence, start, today))
        return 0;
    for (size_t i = 0; i < count; i++)
        if (tasks[i].counts)
            end = larger(end, tasks[i].finish);
    for (size_t i = 0; i < count; i++)
        latest[i] = tasks[i].counts ? end : larger(end, tasks[i].finish);
    for (size_t i = count; i-- > 0;) {
        struct certification_task *t = &tasks[sequence[i]];
        long begin = latest[sequence[i]] - (t->finish - t->start);
        for (size_t k = 0; k < t->before_count && t->counts; k++)
            if (latest[t->before[k]] > begin - 1)
                latest[t->before[k]] = begin - 1;
        t->slack = t->finished ? 0 : latest[sequence[i]] - t->finish;
        t->critical = t->counts && !t->finished && t->slack <= 0;
    }
    return end;
}
