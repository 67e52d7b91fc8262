/*
 * A module for OpenIPMI's ipmi_sim: answers the DCMI command Get Power Reading with the watts in the file that its options
 * name. The file is read for each command, so a test changes the power while the simulator runs.
 */
#include <stdio.h>
#include <string.h>

struct lmc_data;
struct msg;
struct sys_data;
typedef void (*cmd_handler_f)(struct lmc_data *, struct msg *, unsigned char *, unsigned int *, void *);
void ipmi_emu_register_group_extension_handler(unsigned char extension, cmd_handler_f handler, void *data);

static char watts_file[1024];

static void power_reading(struct lmc_data *mc, struct msg *msg, unsigned char *rdata, unsigned int *rdata_len, void *data)
{
    unsigned int watts = 0;
    FILE *file = fopen(watts_file, "r");
    (void)mc, (void)msg, (void)data;
    if (file == NULL || fscanf(file, "%u", &watts) != 1) {
        rdata[0] = 0xc1;
        *rdata_len = 1;
        if (file) fclose(file);
        return;
    }
    fclose(file);
    memset(rdata, 0, 19);
    rdata[1] = 0xdc;
    rdata[2] = watts & 0xff;
    rdata[3] = watts >> 8;
    memcpy(rdata + 4, rdata + 2, 2);
    memcpy(rdata + 6, rdata + 2, 2);
    memcpy(rdata + 8, rdata + 2, 2);
    rdata[14] = 0xe8;
    rdata[15] = 0x03;
    rdata[18] = 0x40;
    *rdata_len = 19;
}

int ipmi_sim_module_print_version(struct sys_data *sys, char *options)
{
    (void)sys, (void)options;
    return 0;
}

int ipmi_sim_module_init(struct sys_data *sys, const char *options)
{
    (void)sys;
    snprintf(watts_file, sizeof watts_file, "%s", options);
    ipmi_emu_register_group_extension_handler(0xdc, power_reading, NULL);
    return 0;
}
