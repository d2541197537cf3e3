// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_address.c - addresses and prefixes, to and from text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "address.h"

static const struct {
	const char *text;
	const char *printed; /* NULL: must be refused */
} addresses[] = {
	{ "192.168.0.1", "192.168.0.1" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "2001:DB8::1", "2001:db8::1" },
	{ "::", "::" },
	{ "::ffff:10.0.0.1", "10.0.0.1" }, /* the same address */
	{ "", NULL },
	{ "10.0.0", NULL },
	{ "10.0.0.256", NULL },
	{ "010.0.0.1", NULL }, /* octal or not? nobody knows */
	{ "10.0.0.1 ", NULL },
	{ " 10.0.0.1", NULL },
	{ "10.0.0.1/32", NULL },
	{ "example.org", NULL },
	{ "2001:db8:::1", NULL },
	{ "fe80::1%eth0", NULL },
};

static const struct {
	const char *text;
	const char *printed;
	uint8_t length; /* of the 16 bytes */
} prefixes[] = {
	{ "10.0.0.0/8", "10.0.0.0/8", 104 },
	{ "0.0.0.0/0", "0.0.0.0/0", 96 },
	{ "192.168.0.7", "192.168.0.7/32", 128 },
	{ "192.168.0.4/30", "192.168.0.4/30", 126 },
	{ "2001:db8::/32", "2001:db8::/32", 32 },
	{ "2001:db8::7", "2001:db8::7/128", 128 },
	{ "::/0", "::/0", 0 },
	{ "::ffff:10.0.0.0/104", "10.0.0.0/8", 104 },
	{ "10.0.0.1/8", NULL, 0 }, /* host bits */
	{ "192.168.0.5/30", NULL, 0 },
	{ "2001:db8::1/64", NULL, 0 },
	{ "10.0.0.0/33", NULL, 0 },
	{ "2001:db8::/129", NULL, 0 },
	{ "10.0.0.0/", NULL, 0 },
	{ "10.0.0.0/-1", NULL, 0 },
	{ "10.0.0.0/+8", NULL, 0 },
	{ "10.0.0.0/ 8", NULL, 0 },
	{ "10.0.0.0/8 ", NULL, 0 },
	{ "10.0.0.0/08", NULL, 0 },
	{ "10.0.0.0/8/8", NULL, 0 },
	{ "10.0.0.0/4294967304", NULL, 0 }, /* 8 in 32 bits */
	{ "10.0.0.0/255.0.0.0", NULL, 0 },
	{ "/8", NULL, 0 },
	{ "", NULL, 0 },
	{ "0000000000000000000000000000000000000000000000000000/8", NULL, 0 },
};

static void test_addresses(void **state)
{
	char text[ADDRESS_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		struct tp_addr address, before;

		memset(&before, 0xa5, sizeof(before));
		address = before;
		if (!addresses[i].printed) {
			assert_true(address_parse(addresses[i].text, &address) <
				    0);
			assert_memory_equal(&address, &before, sizeof(before));
			continue;
		}
		assert_int_equal(address_parse(addresses[i].text, &address), 0);
		assert_string_equal(address_print(&address, text),
				    addresses[i].printed);
	}
}

static void test_prefixes(void **state)
{
	char text[ADDRESS_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		struct prefix prefix = { .length = 77 };

		if (!prefixes[i].printed) {
			assert_true(prefix_parse(prefixes[i].text, &prefix) <
				    0);
			assert_int_equal(prefix.length, 77);
			continue;
		}
		assert_int_equal(prefix_parse(prefixes[i].text, &prefix), 0);
		assert_int_equal(prefix.length, prefixes[i].length);
		assert_string_equal(prefix_print(&prefix, text),
				    prefixes[i].printed);
	}
}

static struct tp_addr address(const char *text)
{
	struct tp_addr result;

	assert_int_equal(address_parse(text, &result), 0);
	return result;
}

static struct prefix prefix(const char *text)
{
	struct prefix result;

	assert_int_equal(prefix_parse(text, &result), 0);
	return result;
}

static void test_longest_text(void **state)
{
	struct prefix longest = {
		.address = address("1111:2222:3333:4444:5555:6666:7777:8888"),
		.length = 128,
	};
	char text[ADDRESS_TEXT];

	(void)state;
	assert_string_equal(prefix_print(&longest, text),
			    "1111:2222:3333:4444:5555:6666:7777:8888/128");
}

static void test_contains(void **state)
{
	static const struct {
		const char *prefix, *address;
		bool inside;
	} rows[] = {
		{ "192.168.0.0/24", "192.168.0.255", true },
		{ "192.168.0.0/24", "192.168.1.0", false },
		{ "172.16.1.0/30", "172.16.1.3", true },
		{ "172.16.1.0/30", "172.16.1.4", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false }, /* another family */
		{ "::/0", "2001:db8::1", true },
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.0", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct prefix outer = prefix(rows[i].prefix);
		struct tp_addr inner = address(rows[i].address);

		assert_int_equal(prefix_contains(&outer, &inner),
				 rows[i].inside);
	}
}

static void test_prefix_of(void **state)
{
	struct tp_addr host = address("192.168.37.201");
	struct prefix subnet = prefix_of(&host, 96 + 20);
	struct prefix whole = prefix("192.168.32.0/20");

	(void)state;
	assert_true(prefix_equal(&subnet, &whole));
	subnet = prefix_of(&host, 128);
	assert_true(address_equal(&subnet.address, &host));
	whole.length++;
	assert_false(prefix_equal(&subnet, &whole));
}

static void test_kernel_form(void **state)
{
	struct tp_addr host = address("10.1.2.3"), six = address("2001:db8::1");
	struct tp_addr unset = { 0 }, any = address("0.0.0.0");

	(void)state;
	assert_true(address_is_v4(&host));
	assert_false(address_is_v4(&six));
	assert_int_equal(address_to_v4(&host), htonl(0x0a010203));
	any = address_from_v4(htonl(0x0a010203));
	assert_true(address_equal(&any, &host));
	any = address("0.0.0.0");
	assert_true(address_is_zero(&unset));
	assert_true(address_is_zero(&any));
	assert_false(address_is_zero(&host));
	assert_false(address_is_zero(&six));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_longest_text),
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_prefix_of),
		cmocka_unit_test(test_kernel_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
