// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel.c - the loaded programs, a packet at a time by test runs.
 *
 * Owns: streams that no coverage steers: random bytes, and the kept corpus with
 * some of its bytes changed.  Tables are not forgotten between streams but now
 * and then, so that they fill.  What fails is left in a file, to run again.
 *
 *   kernel [-t SECONDS] [-n PACKETS] [-s SEED] [-o FILE] [CORPUS]
 *   kernel FILE
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define BUCKETS 64
#define STREAM 4096
#define STREAMS 256 /* until all is forgotten */
#define CORPUS 1024

struct seed_file {
	uint8_t *bytes;
	size_t size;
};

static struct seed_file corpus[CORPUS];
static unsigned int corpus_count;

/* What was carried since all was forgotten: a failure needs all of it. */
static struct {
	uint8_t bytes[STREAMS][STREAM];
	size_t size[STREAMS];
	unsigned int count;
} history;
static const char *keep = "fuzz-failed";

static uint64_t state;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* ---- the machine --------------------------------------------------------- */

int machine_run(struct plane *plane, struct passage *passage)
{
	passage->reasons = FUZZ_UNCOUNTED;
	passage->to = FUZZ_UNCOUNTED;
	return plane_run(plane, &passage->in, &passage->out);
}

void machine_failed(void)
{
	FILE *to = fopen(keep, "wb");

	if (!to)
		return;
	for (unsigned int i = 0; i < history.count; i++)
		fwrite(history.bytes[i], 1, history.size[i], to);
	fclose(to);
	fprintf(stderr, "kept in %s\n", keep);
}

/* ---- streams ------------------------------------------------------------- */

static int read_file(const char *path, struct seed_file *into)
{
	struct stat status;
	FILE *from = fopen(path, "rb");

	if (!from)
		return -errno;
	if (fstat(fileno(from), &status) || !S_ISREG(status.st_mode)) {
		fclose(from);
		return -EINVAL;
	}
	into->size = (size_t)status.st_size;
	into->bytes = malloc(into->size + 1);
	if (into->bytes)
		into->size = fread(into->bytes, 1, into->size, from);
	fclose(from);
	return into->bytes ? 0 : -ENOMEM;
}

static int read_corpus(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char name[4096];

	if (!directory)
		return -errno;
	while ((entry = readdir(directory)) && corpus_count < CORPUS) {
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (!read_file(name, &corpus[corpus_count]))
			corpus_count++;
	}
	closedir(directory);
	return 0;
}

static size_t from_corpus(uint8_t *bytes)
{
	const struct seed_file *one = &corpus[draw() % corpus_count];
	size_t size = one->size < STREAM ? one->size : STREAM;

	memcpy(bytes, one->bytes, size);
	for (unsigned int i = draw() % 8; size && i; i--)
		bytes[draw() % size] = (uint8_t)draw();
	return size;
}

static size_t from_chance(uint8_t *bytes)
{
	for (size_t i = 0; i < STREAM; i++)
		bytes[i] = (uint8_t)(draw() >> 16);
	return STREAM;
}

static void one_stream(struct plane *plane)
{
	unsigned int i = history.count++;

	history.size[i] = corpus_count && draw() % 2 ?
				  from_corpus(history.bytes[i]) :
				  from_chance(history.bytes[i]);
	fuzz_stream(plane, history.bytes[i], history.size[i]);
}

/* ---- the run ------------------------------------------------------------- */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int reset(struct plane *plane)
{
	int err = plane_reset(plane);

	if (err)
		fprintf(stderr, "fuzz: no fresh tables: %s\n", strerror(-err));
	history.count = 0;
	return err;
}

static int replay(struct plane *plane, const char *path)
{
	struct seed_file file;
	int err = read_file(path, &file) ?: reset(plane);

	if (!err)
		fuzz_stream(plane, file.bytes, file.size);
	return err;
}

static int carry_on(struct plane *plane, double seconds, unsigned long packets)
{
	const double began = now();
	double took;
	int err = reset(plane);

	while (!err && now() - began < seconds && fuzz_packets < packets) {
		if (history.count == STREAMS)
			err = reset(plane);
		if (!err)
			one_stream(plane);
	}
	took = now() - began;
	printf("%lu packets through the loaded programs, %.0f a second\n",
	       fuzz_packets, (double)fuzz_packets / took);
	return err;
}

int main(int argc, char *argv[])
{
	unsigned long packets = ~0UL;
	struct plane plane;
	struct stat status;
	double seconds = 5;
	int option, err;

	state = (uint64_t)time(NULL) << 16 | (uint64_t)getpid();
	while ((option = getopt(argc, argv, "t:n:s:o:")) != -1) {
		switch (option) {
		case 't':
			seconds = atof(optarg);
			break;
		case 'n':
			packets = strtoul(optarg, NULL, 0);
			break;
		case 's':
			state = strtoull(optarg, NULL, 0) | 1;
			break;
		case 'o':
			keep = optarg;
			break;
		default:
			return 2;
		}
	}
	printf("seed %#llx\n", (unsigned long long)state);
	fflush(stdout);
	if (plane_open(&plane, BUCKETS))
		return 1;
	if (argv[optind] && !stat(argv[optind], &status) &&
	    S_ISREG(status.st_mode))
		err = replay(&plane, argv[optind]);
	else
		err = (argv[optind] ? read_corpus(argv[optind]) : 0) ?:
			      carry_on(&plane, seconds, packets);
	if (err)
		fprintf(stderr, "fuzz: %s\n", strerror(-err));
	plane_close(&plane);
	return err ? 1 : 0;
}
